delete from core.contamination
