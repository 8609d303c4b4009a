select embedder
from core.embedders
where dimensions = $dimensions and library = $library
order by fitted_at desc, embedder asc
limit 1
