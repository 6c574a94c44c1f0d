"""Reports: the nightly workbook; content apart from layout."""
