"""The pages in Debian's Chromium, served by uvicorn."""
