"""What several test files share: small worlds, folders of sources, producers, the browser."""
