update core.screened set is_screened = false
