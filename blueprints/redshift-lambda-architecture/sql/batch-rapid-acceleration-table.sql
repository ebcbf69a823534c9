CREATE TABLE IF NOT EXISTS public.batchlayer_rapid_acceleration_by_year (
    vin varchar(17),
    year int,
    rapid_accelerations bigint
)
