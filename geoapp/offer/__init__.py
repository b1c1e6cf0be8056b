"""What is taught, where, and by whom."""
