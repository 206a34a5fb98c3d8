"""What is known of the cars of a market: brands, models, generations, engines, trims, prices when new."""
