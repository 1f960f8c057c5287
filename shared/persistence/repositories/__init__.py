"""The tables of one tenant, a repository each; their SQL names tables only, the transaction names the tenant."""
