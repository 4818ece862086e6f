"""What is exchanged on paper: Excel in and out, no database."""
