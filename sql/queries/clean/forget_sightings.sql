delete from core.sightings
