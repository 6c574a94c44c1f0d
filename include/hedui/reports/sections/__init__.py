"""The workbook's sheets: each module turns the night's figures into blocks."""
