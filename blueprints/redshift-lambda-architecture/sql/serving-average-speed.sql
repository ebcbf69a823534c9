-- Of recent trips, from the speed layer alone.
CREATE VIEW public.average_speed_by_trip AS
SELECT CAST(measuretime AS date) AS measured_on, vin, trip_id, AVG(vehicle_speed) AS average_speed
FROM vehicleiot_shareddb.public.vehicleiotstream_mv
GROUP BY CAST(measuretime AS date), vin, trip_id
WITH NO SCHEMA BINDING
