SELECT DISTINCT device FROM readings
