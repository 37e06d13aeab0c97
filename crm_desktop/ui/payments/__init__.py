"""What customers are to pay and have paid: plans, receipts, invoices, and how long money is overdue."""
