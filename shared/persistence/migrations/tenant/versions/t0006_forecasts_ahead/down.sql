DROP TABLE forecast_accuracy, category_forecasts, cumulative_forecasts, forecast_models, planned_events
