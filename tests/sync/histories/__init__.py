"""What several laptops wrote, read and got back while things went wrong, and what must hold of it.

A laptop writes down what it does (`work`), in the test's process or in one of its own (`laptop`). `checks`
knows nothing but what was written down: it trusts no clock and asks HQ for no number.
"""
