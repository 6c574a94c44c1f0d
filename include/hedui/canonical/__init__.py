"""The canonical datasets: what every agency's rows become before anything is compared."""
