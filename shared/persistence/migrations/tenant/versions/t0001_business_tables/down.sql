DROP TABLE user_preferences, webhook_deliveries, rejected_records, sync_cursors, api_credentials,
    open_invoices, account_balances, scenarios, working_capital_metrics, forecasts,
    inventory_history, inventory, sales, product_costs, product_channel_skus, products, companies;
