"""Shopify's Admin GraphQL API, as much of it as the connector asks for."""
