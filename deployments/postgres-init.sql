-- Beside the product's own database, one for Prefect.
CREATE DATABASE prefect;
