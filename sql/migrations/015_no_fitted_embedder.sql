-- `static` took the place of `tfidf-svd`, which was fitted on each home's prompts: the old vectors are useless to it.
drop table core.embedders;

delete from core.vectors where embedder like 'tfidf-svd-%';
