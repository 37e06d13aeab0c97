"""The parts of the ticket page: queue, conversation, reply box, facts, the form of a new one."""
