"""A whole invented province for one year: workbooks and facts to try the product with."""
