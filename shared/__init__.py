"""What jobs are made of; knows neither Celery nor the command line."""
