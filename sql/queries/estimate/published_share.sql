select share from core.published_shares where measure = $measure
