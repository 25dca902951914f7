"""`python -m search_api` is `dateline`."""

from search_api.cli import main

main()
