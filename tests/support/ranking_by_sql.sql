-- 绩效评估 once more: points of cities or counties at a month's end, by the table's words, from the
-- trail, the ledger and what was reported. It shares nothing with the product but the stored rows.
--
-- Asked by as_of, signed_on, period and kind (city or county). Points in hundredths; a rate in
-- hundredths of a percent. Beside the database's own tables there are
--   due(rule, said, late_after)   tests/data/deadlines_2023.csv
--   quota(city, places)           附件1
--   unserved(county_code)         附件1
--   workday(day, number)          the workdays, counted
WITH
told AS (
  SELECT * FROM audit
  WHERE effective_on <= :as_of
    AND id NOT IN (
      SELECT json_extract(detail, '$.reverses') FROM audit
      WHERE json_extract(detail, '$.reverses') IS NOT NULL)
),
-- what is dated, and not taken back by a later act
fact AS (
  SELECT subject, name, day FROM (
    SELECT t.subject, d.key AS name, d.value AS day, t.id,
           row_number() OVER (PARTITION BY t.subject, d.key ORDER BY t.id DESC) AS newest
    FROM told t, json_each(t.detail, '$.dated') d) AS found
  WHERE newest = 1 AND day <= :as_of AND NOT EXISTS (
    SELECT 1 FROM told t, json_each(t.detail, '$.revoked') v
    WHERE t.subject = found.subject AND v.value = found.name AND t.id > found.id)
),
project AS (
  SELECT s.code, s.city, s.county, p.county_code, p.city_share, p.county_share,
         coalesce((SELECT json_extract(t.detail, '$.columns.disposition') FROM told t
                   WHERE t.subject = s.code
                     AND json_extract(t.detail, '$.columns.disposition') IS NOT NULL
                   ORDER BY t.id DESC LIMIT 1), 'active') AS disposition
  FROM subject s JOIN main.project p ON p.code = s.code WHERE s.kind = 'project'
),
going AS (SELECT * FROM project WHERE disposition IN ('active', 'held')),
-- when the last of what was promised had come in
came AS (
  SELECT subject, source, "on" AS day,
         sum(amount) OVER (PARTITION BY subject, source ORDER BY "on", audit_id) AS so_far
  FROM ledger WHERE entry = 'receipt' AND "on" <= :as_of
),
in_place AS (
  SELECT g.code, w.source,
         coalesce(
           (SELECT min(c.day) FROM came c
            WHERE c.subject = g.code AND c.source = w.source AND c.so_far >= w.share
              AND w.share > 0),
           (SELECT f.day FROM fact f
            WHERE f.subject = g.code AND f.name = w.source || '_funds_in_place')) AS day
  FROM going g JOIN (
    SELECT code, 'city' AS source, city_share AS share FROM going
    UNION ALL SELECT code, 'county', county_share FROM going) w ON w.code = g.code
),
-- the days on hold, of holds that ended
held_for AS (
  SELECT h.subject, h.effective_on AS since, min(e.effective_on) AS until
  FROM told h JOIN told e ON e.subject = h.subject AND e.id > h.id
   AND e.action IN ('resume', 'withdraw')
  WHERE h.action = 'hold' GROUP BY h.id
),
-- whose turn it is before a project can be built: the city's (选址, 申报) or the province's (评审, 确定;
-- 六(二) lets money and works run together); and since when nothing is missing
turn AS (
  SELECT g.code,
         CASE WHEN count(CASE WHEN f.name IN ('site_confirmed', 'application_submitted')
                         THEN 1 END) < 2 THEN 'city'
              WHEN count(f.name) < 4 THEN 'above' ELSE '' END AS blocked,
         max(f.day) AS ready
  FROM going g LEFT JOIN fact f ON f.subject = g.code AND f.name IN (
    'site_confirmed', 'application_submitted', 'review_passed', 'determined')
  GROUP BY g.code
),
-- each project's deadlines that are scored: what was done when, and until when it was in time
stated AS (
  SELECT 'operator_on_time' AS indicator, 'D06' AS rule, g.code,
         (SELECT day FROM fact WHERE subject = g.code AND name = 'operator_confirmed') AS done
  FROM going g
  UNION ALL
  SELECT 'started_on_time', 'D08', g.code,
         (SELECT day FROM fact WHERE subject = g.code AND name = 'work_started') FROM going g
  UNION ALL
  SELECT 'opened_in_year', 'D17', g.code,
         (SELECT day FROM fact WHERE subject = g.code AND name = 'opened') FROM going g
  UNION ALL
  SELECT 'funds_in_place', 'D07', g.code,
         (SELECT CASE WHEN count(day) = count(*) THEN max(day) END FROM in_place i
          WHERE i.code = g.code AND (:kind = 'city' OR i.source = 'county')) FROM going g
),
until AS (
  SELECT s.*, coalesce(
           (SELECT json_extract(t.detail, '$.until') FROM told t
            WHERE t.subject = s.code AND t.kind = 'extension' AND t.action = s.rule
            ORDER BY t.id DESC LIMIT 1),
           d.late_after) AS due,
         -- what must be done within the year is judged by its end, for there is no later evaluation
         CASE WHEN s.rule = 'D17' AND :period = '2023-12' THEN '2023-12-31' ELSE :as_of END AS last
  FROM stated s JOIN due d ON d.rule = s.rule
),
fair AS (
  SELECT u.*,
         -- for what had to wait for somebody else until it was due, nobody loses points
         u.rule <> 'D17' AND CASE t.blocked WHEN '' THEN t.ready > u.due WHEN 'city'
                                  THEN :kind = 'county' ELSE 1 END AS waits,
         coalesce(
           (SELECT date(u.due, '+' || CAST(julianday(h.until) - julianday(h.since) AS INTEGER)
                        || ' days')
            FROM held_for h WHERE h.subject = u.code AND h.since <= u.due), u.due) AS fair_due
  FROM until u JOIN turn t ON t.code = u.code
),
seen AS (
  SELECT f.indicator, f.code,
         -- whether it counts at all is asked before a hold is looked at
         CASE WHEN f.waits THEN NULL
              WHEN f.done <= f.due THEN 1 WHEN f.done IS NOT NULL OR f.due <= f.last THEN 0 END
           AS plain,
         f.due <= f.last AS passed,
         CASE WHEN f.waits THEN NULL
              WHEN f.done <= f.fair_due THEN 1
              WHEN g.disposition = 'held' THEN NULL
              WHEN f.done IS NOT NULL OR f.fair_due <= f.last THEN 0 END AS good
  FROM fair f JOIN going g ON g.code = f.code
  UNION ALL
  SELECT 'accepted_at_once', g.code, x.plain, 1,
         CASE WHEN g.disposition = 'held' AND x.plain = 0 THEN NULL ELSE x.plain END
  FROM going g JOIN (
    SELECT subject, NOT EXISTS (SELECT 1 FROM fact r WHERE r.subject = v.subject
                                AND r.name = 'rectification_ordered') AS plain
    FROM fact v WHERE v.name = 'acceptance_visited') x ON x.subject = g.code
  UNION ALL
  SELECT 'accepted_at_once', g.code, NULL, 0, NULL FROM going g
  WHERE NOT EXISTS (SELECT 1 FROM fact WHERE subject = g.code AND name = 'acceptance_visited')
  UNION ALL
  SELECT 'on_schedule', g.code, o.plain, 1,
         CASE WHEN o.plain = 0 AND (g.disposition = 'held' OR o.waits) THEN NULL ELSE o.plain END
  FROM going g JOIN on_schedule o ON o.code = g.code
),
-- by the month's report, which covers all that is not finished (办结) by the month's end: a city's
-- project of which it says nothing is behind, whether the report is missing or only on paper; and
-- who has something undone of the notice's own is on schedule by no report
on_schedule AS (
  SELECT g.code,
         CASE WHEN p.subject IS NOT NULL
                THEN coalesce(p.on_schedule, 0) AND NOT EXISTS (
                  SELECT 1 FROM undone u WHERE u.code = g.code)
              WHEN :kind = 'county' OR 2 = (
                SELECT count(*) FROM fact f WHERE f.subject = g.code
                AND f.name IN ('accepted', 'opened') AND substr(f.day, 1, 7) <= :period) THEN NULL
              WHEN r.done IS NOT NULL OR r.missed THEN 0 END AS plain,
         coalesce(p.on_schedule, 0) AND NOT EXISTS (
           SELECT 1 FROM undone u WHERE u.code = g.code AND u.fair_due <= :as_of) AS waits
  FROM going g JOIN reported r ON r.city = g.city AND r.rule = 'D10-' || substr(:period, 6)
  LEFT JOIN (  -- what came in by the day, not what a late report said since
    SELECT p.* FROM progress p JOIN audit a ON a.id = p.audit_id
    WHERE date(a.recorded_at) <= :as_of) p ON p.subject = g.code AND p.period = :period
),
-- what a county or city has to do for a project, and has not done
owed AS (
  SELECT g.code, g.city, x.rule, x.said,
         coalesce((SELECT date(x.said, '+' || CAST(julianday(h.until) - julianday(h.since) AS INTEGER)
                               || ' days')
                   FROM held_for h WHERE h.subject = g.code AND h.since <= x.said), x.said)
           AS fair_due
  FROM going g JOIN (
    SELECT g.code, d.rule, coalesce(
             (SELECT json_extract(t.detail, '$.until') FROM told t
              WHERE t.subject = g.code AND t.kind = 'extension' AND t.action = d.rule
              ORDER BY t.id DESC LIMIT 1), d.said) AS said
    FROM going g, due d
    WHERE d.rule IN ('D01', 'D03', 'D06', 'D07', 'D08', 'D09', 'D14', 'D17')) x
    ON x.code = g.code
  JOIN turn t ON t.code = g.code
  WHERE g.disposition = 'active'
    AND (x.rule IN ('D01', 'D03') OR t.blocked <> 'above')
    AND CASE x.rule
    WHEN 'D07' THEN EXISTS (SELECT 1 FROM in_place i WHERE i.code = g.code AND i.day IS NULL)
    WHEN 'D17' THEN 3 > (SELECT count(*) FROM fact f WHERE f.subject = g.code
                         AND f.name IN ('construction_finished', 'accepted', 'opened'))
    ELSE NOT EXISTS (SELECT 1 FROM fact f WHERE f.subject = g.code AND f.name = CASE x.rule
      WHEN 'D01' THEN 'application_submitted' WHEN 'D03' THEN 'site_confirmed'
      WHEN 'D06' THEN 'operator_confirmed' WHEN 'D14' THEN 'construction_finished'
      ELSE 'work_started' END)
    END
),
-- of these, what the notice itself dates (六(一), 六(二), 二) and was due by the day
undone AS (SELECT * FROM owed WHERE rule <> 'D14' AND said <= :as_of),
reported AS (
  SELECT q.city, d.rule, f.day AS done,
         coalesce(f.day > d.late_after, d.late_after <= :as_of) AS missed
  FROM quota q JOIN due d ON d.rule LIKE 'D10-%'
  LEFT JOIN fact f ON f.subject = q.city AND f.name = d.rule
),
-- a city's applications come to its quota with the last of so many, whatever became of them
applied AS (
  SELECT q.city, (
    SELECT f.day FROM (
      SELECT f.day, row_number() OVER (ORDER BY f.day) AS place
      FROM fact f JOIN project p ON p.code = f.subject
      WHERE p.city = q.city AND f.name = 'application_submitted') f
    WHERE f.place = q.places) AS done
  FROM quota q
),
body AS (
  SELECT DISTINCT city, county FROM going WHERE :kind = 'county'
  UNION ALL SELECT city, '' FROM quota WHERE :kind = 'city'
),
scale(indicator, points, whole, part, partly) AS (
  VALUES ('operator_on_time', 1000, 100, 80, 500), ('funds_in_place', 1500, 100, 80, 750),
         ('started_on_time', 1500, 100, 80, 750), ('on_schedule', 1500, 90, 70, 750),
         ('accepted_at_once', 1000, 100, 80, 500), ('opened_in_year', 1000, 100, 90, 500)
),
counting AS (
  SELECT indicator FROM seen GROUP BY indicator
  HAVING max(plain IS NOT NULL AND passed) = 1 OR count(plain) = count(*)
),
share AS (
  SELECT b.city, b.county, s.*,
         coalesce(sum(x.good), 0) AS good, count(x.good) AS judged, count(g.code) AS projects
  FROM body b CROSS JOIN scale s JOIN counting c ON c.indicator = s.indicator
  LEFT JOIN going g ON g.city = b.city AND (b.county = '' OR g.county = b.county)
  LEFT JOIN seen x ON x.code = g.code AND x.indicator = s.indicator
  GROUP BY b.city, b.county, s.indicator
),
given AS (
  SELECT city, county, indicator, points AS available,
         CASE WHEN projects = 0 THEN 0
              WHEN good * 100 >= whole * judged THEN points
              WHEN good * 100 >= part * judged THEN partly ELSE 0 END AS points
  FROM share
  UNION ALL
  SELECT a.city, '', 'application_on_time', 1000,
         CASE WHEN a.done <= d.late_after THEN 1000 ELSE 0 END
  FROM applied a JOIN due d ON d.rule = 'D01' WHERE :kind = 'city'
  UNION ALL
  SELECT city, '', 'monthly_report', 1500, max(0, 1500 - 150 * sum(missed))
  FROM reported WHERE :kind = 'city' GROUP BY city
),
-- 15 days, on a workday, within the year
mended AS (
  SELECT g.code, g.disposition, (
           SELECT min(w.day) FROM workday w WHERE w.day >= date(o.day, '+15 days')) AS due,
         (SELECT day FROM fact r WHERE r.subject = g.code AND r.day >= o.day AND r.name = CASE o.name
            WHEN 'rectification_ordered' THEN 'rectified' ELSE 'inspection_rectified' END) AS done
  FROM going g JOIN fact o ON o.subject = g.code
   AND o.name IN ('rectification_ordered', 'inspection_rectification_ordered')
),
extra AS (
  SELECT b.city, b.county,
    min(400, 100 * (SELECT count(*) FROM going g JOIN fact f ON f.subject = g.code
      WHERE f.name = 'opened' AND f.day < '2023-10-01'
        AND g.city = b.city AND (b.county = '' OR g.county = b.county)))
    + min(400, 50 * (SELECT count(DISTINCT g.county_code) FROM going g
      JOIN fact f ON f.subject = g.code JOIN unserved u ON u.county_code = g.county_code
      WHERE f.name = 'work_started' AND g.city = b.city
        AND (b.county = '' OR g.county = b.county))) AS bonus,
    100 * (SELECT count(*) FROM mended m JOIN going g ON g.code = m.code
      WHERE g.city = b.city AND (b.county = '' OR g.county = b.county)
        AND m.disposition = 'active'
        AND coalesce(m.done > m.due, m.due <= CASE WHEN :period = '2023-12' THEN '2023-12-31'
                                                   ELSE :as_of END)) AS malus
  FROM body b
),
summed AS (
  SELECT e.city, e.county, sum(g.points) AS base, sum(g.available) AS available,
         min(1000, e.bonus) AS bonus, e.malus,
         max(0, sum(g.points) + min(1000, e.bonus) - e.malus) AS score
  FROM extra e LEFT JOIN given g ON g.city = e.city AND g.county = e.county
  GROUP BY e.city, e.county
),
rated AS (
  SELECT *, (min(score, available) * 20000 + available) / (2 * available) AS rate FROM summed
),
-- who has something undone, or will have before the paper can be signed
late AS (
  SELECT city FROM owed WHERE said < :signed_on
  UNION
  SELECT city FROM reported r JOIN due d ON d.rule = r.rule
  WHERE r.done IS NULL AND d.said < :signed_on
  UNION
  SELECT q.city FROM quota q JOIN due d ON d.rule IN ('D18', 'D25-Q2', 'D25-Q3', 'D25-Q4')
  WHERE d.said < :signed_on
    AND NOT EXISTS (SELECT 1 FROM fact f WHERE f.subject = q.city AND f.name = d.rule)
  UNION
  SELECT a.city FROM applied a JOIN due d ON d.rule = 'D01'
  WHERE a.done IS NULL AND d.said < :signed_on
  UNION
  SELECT g.city FROM mended m JOIN going g ON g.code = m.code
  WHERE m.disposition = 'active' AND m.done IS NULL AND m.due < :signed_on
  UNION
  SELECT g.city FROM going g JOIN fact o ON o.subject = g.code AND o.name = 'correction_ordered'
  JOIN workday w ON w.number = 10 + (SELECT max(number) FROM workday WHERE day <= o.day)
  WHERE g.disposition = 'active' AND w.day < :signed_on
    AND NOT EXISTS (SELECT 1 FROM fact f WHERE f.subject = g.code
                    AND f.name = 'materials_received')
),
placed AS (
  SELECT *, rank() OVER (PARTITION BY CASE :kind WHEN 'county' THEN city END
                         ORDER BY rate DESC) AS place,
         (SELECT count(*) FROM rated o WHERE o.rate < rated.rate) AS behind
  FROM rated
)
SELECT city, county, coalesce(base, 0), coalesce(available, 0), bonus, malus, coalesce(score, bonus),
       rate, CASE WHEN rate IS NOT NULL THEN place END,
       CASE WHEN place <= 3 AND city NOT IN (SELECT city FROM late) THEN '先进'
            WHEN place > 3 AND behind < 3 AND (base < available OR malus > 0) THEN '需改进'
            ELSE '' END
FROM placed
