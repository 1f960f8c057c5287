-- Running downgrade t0006 -> t0005

DROP TABLE forecast_accuracy, category_forecasts, cumulative_forecasts, forecast_models, planned_events;

UPDATE alembic_version SET version_num='t0005' WHERE alembic_version.version_num = 't0006';
