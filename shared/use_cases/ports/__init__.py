"""What the use cases need from the outside, as Protocols, a file a subject.

Nearly all of it is fulfilled by `shared/persistence/repositories`; the vault by `shared/security`, the forecaster by
`shared/forecasting`. `workers/wiring.py` puts them together.
"""
