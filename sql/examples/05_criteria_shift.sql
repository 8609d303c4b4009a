-- Which of the seven criteria shifted between the latest release and the one before it?
select
    c.criterion,
    round(c.previous_share, 3) as share_before,
    round(c.share, 3) as share_now,
    round(c.shift, 3) as shift
from out.release_criteria as c
inner join out.releases as r on c.release_id = r.release_id
where r.is_latest
order by abs(c.shift) desc nulls last, c.criterion
