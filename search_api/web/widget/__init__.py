"""The related-news element: its script and style, and the words that it and the fragment use."""
