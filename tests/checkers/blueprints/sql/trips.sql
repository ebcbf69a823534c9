-- One row for each trip.
CREATE TABLE IF NOT EXISTS trips (
    vin varchar(17) NOT NULL,
    miles decimal(12, 2)
);

COMMENT ON TABLE trips IS 'Trips of ${AWS::StackName}';
