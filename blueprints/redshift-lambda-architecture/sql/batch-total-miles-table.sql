CREATE TABLE IF NOT EXISTS public.batchlayer_total_miles_by_year (
    year int,
    total_miles double precision
)
