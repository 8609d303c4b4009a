delete from core.flags
