"""Real-time settlement: what a hospital may ask for, and what it is answered. Knows neither HTTP nor SQL text."""
