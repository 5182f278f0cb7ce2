"""What columns mean: the grammar of mappings, and tables seen through them."""
