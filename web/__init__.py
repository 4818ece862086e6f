"""The staff desk (工作台): what staff see and do in a browser, as views and calls of operations."""
