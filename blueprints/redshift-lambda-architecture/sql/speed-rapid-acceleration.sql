-- By day, so that the serving layer can leave out the days that the batch layer has. Late-binding, so that the view of
-- the stream can be made again under it.
CREATE VIEW public.speedlayer_rapid_acceleration_by_year AS
SELECT
    vin,
    EXTRACT(year FROM measuretime)::int AS year,
    CAST(measuretime AS date) AS measured_on,
    COUNT(*) AS rapid_accelerations
FROM public.vehicleiotstream_mv
WHERE acceleration > 2.5
GROUP BY vin, EXTRACT(year FROM measuretime)::int, CAST(measuretime AS date)
WITH NO SCHEMA BINDING
