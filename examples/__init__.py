"""Examples: a made-up agency's files, and the demo that settles them."""
