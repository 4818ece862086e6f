"""What is known, for whoever asks: board, lists, funds, reasons, a project's record."""
