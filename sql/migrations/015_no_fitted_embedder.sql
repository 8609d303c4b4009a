-- `tfidf-svd` was fitted on each home's prompts; `static` took its place, and its vectors say nothing to it.
drop table core.embedders;

delete from core.vectors where embedder like 'tfidf-svd-%';
