select coalesce(max(topic_id), -1) as highest
from core.topics
