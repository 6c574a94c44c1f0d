"""What each agency's system looks like: its tables, its column names, its codes and units, its own way of writing names."""
