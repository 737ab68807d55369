import type { Topic } from "./case-table.ts"

export const dates: readonly Topic[] = [
  {
    title: "EXTRACT and DATE_PART",
    page: "r_EXTRACT_function",
    cases: [
      ["extract(ms FROM timestamp '2009-09-09 12:08:43.101')", "101"],
      [
        "extract(second FROM timestamp '2009-09-09 12:08:43.901'), date_part(us, timestamp '2009-09-09 12:08:43.101')",
        "43, 101000",
      ],
      ["extract(epoch FROM timestamp '2009-09-09 12:08:43.901')", "1252498123"],
      ["date_part(minute, timestamp '2023-01-04 04:05:06.789'), date_part(w, date '2023-05-02')", "5, 18"],
    ],
  },
  {
    title: "TO_CHAR",
    page: "r_TO_CHAR",
    cases: [
      [
        "to_char(timestamp '2009-12-31 23:15:59', 'MONTH-DY-DD-YYYY HH12:MIPM')",
        "DECEMBER -THU-31-2009 11:15PM",
      ],
      ["to_char(date '2024-05-01', 'Month|'), to_char(date '2024-05-01', 'FMMonth')", "May      |, May"],
      ["to_char(date '2024-05-01', 'month|mon|MON|Mon')", "may      |may|MAY|May"],
      [
        "to_char(timestamp '2024-05-06 07:08:09.123456', 'DAY|Day|day|DY|Dy|dy|D|DD|DDD|W|WW|IW|Q|CC|J')",
        "MONDAY   |Monday   |monday   |MON|Mon|mon|2|06|127|1|19|19|2|21|2460437",
      ],
      [
        "to_char(timestamp '2024-05-06 07:08:09.123456', 'YYYY|YYY|YY|Y|IYYY|HH|HH12|HH24|MI|SS|MS|US|SSSS|AM|pm|A.M.|p.m.')",
        "2024|024|24|4|2024|07|07|07|08|09|123|123456|25689|AM|am|A.M.|a.m.",
      ],
      ["to_char(timestamp '2024-05-06 17:08:09', 'FMMM/FMDD \"at\" HH24%')", "5/6 at 17%"],
      ["to_char(d, 'YYYY-MM-DD') FROM (VALUES (date '2024-05-06'), (NULL)) t(d)", "2024-05-06 ; null"],
      [
        "to_char(125.8, '999.99'), to_char(-125.8, '999D99S'), to_char(125.8, '990D99'), to_char(-125.88, '$S999D99'), to_char(-125.88, '999D99PR')",
        " 125.80, 125.80-,  125.80, $-125.88, <125.88>",
      ],
      [
        "to_char(0.5, '999.99'), to_char(0, '999'), to_char(0, '990.00'), to_char(12345, '999'), to_char(1234567.891, '9,999,999.99'), to_char(-12, '9,999')",
        "    .50,    0,    0.00,  ###,  1,234,567.89,    -12",
      ],
      [
        "to_char(148.5, 'FM999.999'), to_char(148.5, 'FM999.990'), to_char(-5, 'S999'), to_char(5, 'S999'), to_char(-5, '999MI'), to_char(-0.001, '9.99')",
        "148.5, 148.500,   -5,   +5,   5-,   .00",
      ],
      [
        "to_char(485, 'RN'), to_char(485, 'FMRN'), to_char(22, '99th'), to_char(125, '0999')",
        "        CDLXXXV, CDLXXXV,  22nd,  0125",
      ],
      ["to_char(x, '99.9') FROM (VALUES (1.25), (NULL)) t(x)", "  1.3 ; null"],
      ["to_char(125.8, '9V99')", "!0A000"],
      ["to_char(date '2024-05-06', 'DDth')", "!0A000"],
    ],
  },
  {
    title: "TO_NUMBER",
    page: "r_TO_NUMBER",
    cases: [
      ["to_number('12,454.8-', '99G999D9S'), to_number('$ 12,454.88', 'L 99G999D99')", "-12454.8, 12454.88"],
      ["to_number('$ 2,012,454.88', 'L 9,999,999.99'), to_number('123', '999')", "2012454.88, 123"],
    ],
  },
  {
    title: "TRUNC of a timestamp",
    page: "r_TRUNC_date",
    cases: [["trunc(sysdate) = current_date, trunc(timestamp '2024-01-02 03:04:05')", "true, 2024-01-02"]],
  },
  {
    title: "NEXT_DAY",
    page: "r_NEXT_DAY",
    cases: [
      ["next_day('2014-08-20', 'Tuesday'), next_day(date '2024-01-05', 'fri')", "2014-08-26, 2024-01-12"],
      ["next_day('2024-01-05', 'someday')", "!22023"],
    ],
  },
  {
    title: "DATE_CMP",
    page: "r_DATE_CMP",
    cases: [
      [
        "date_cmp('2008-01-01', '2008-01-04'), date_cmp('2008-01-04', '2008-01-04'), date_cmp('2008-01-05', '2008-01-04')",
        "-1, 0, 1",
      ],
    ],
  },
  {
    title: "DATE_TRUNC",
    page: "r_DATE_TRUNC",
    cases: [
      [
        "date_trunc('week', timestamp '2024-05-08 10:11:12'), date_trunc('qtr', timestamp '2024-05-08 10:11:12')",
        "2024-05-06 00:00:00, 2024-04-01 00:00:00",
      ],
      [
        "date_trunc('century', timestamp '2024-05-08'), date_trunc('century', timestamp '2000-05-08')",
        "2001-01-01 00:00:00, 1901-01-01 00:00:00",
      ],
    ],
  },
  {
    title: "Texts of dates and times",
    page: "r_Date_and_time_literals",
    cases: [
      [
        "'20240105'::date, '01/05/24'::date, 'January 8, 1999'::date, '08-Jan-1999'::date, 'Jan-08-99'::date",
        "2024-01-05, 2024-01-05, 1999-01-08, 1999-01-08, 1999-01-08",
      ],
      [
        "timestamp '01/05/2024 4:05:06 PM', timestamp 'Jun 1,2008  09:59:59'",
        "2024-01-05 16:05:06, 2008-06-01 09:59:59",
      ],
      ["timestamptz '2024-01-01 10:00+00' AT TIME ZONE 'America/New_York'", "2024-01-01 05:00:00"],
      ["date '2024-02-30'", "!22008"],
    ],
  },
  {
    title: "DATEADD, DATEDIFF, ADD_MONTHS, MONTHS_BETWEEN",
    page: "r_DATEADD_function",
    cases: [
      [
        "dateadd(month, 18, '2008-02-28'), dateadd(weeks, 1, '2024-01-01'), dateadd(year, -1, date '2024-02-29')",
        "2009-08-28 00:00:00, 2024-01-08 00:00:00, 2023-02-28 00:00:00",
      ],
      [
        "datediff(week, '2009-01-01', '2009-12-31'), datediff(hour, '2019-03-03 12:15:00', '2019-03-03 13:10:00'), datediff(day, '2008-01-01', '2007-12-31')",
        "52, 1, -1",
      ],
      ["datediff(month, '2024-01-31', '2024-02-01'), datediff(year, '2023-12-31', '2024-01-01')", "1, 1"],
      [
        "add_months('2008-04-30', 1), add_months('2008-03-31', -1)",
        "2008-05-31 00:00:00, 2008-02-29 00:00:00",
      ],
      ["months_between('1969-01-18', '1969-03-18'), months_between('2023-01-31', '2023-02-28')", "-2, -1"],
      [
        "date '2024-01-01' + 5, date '2024-01-10' - 3, date '2024-03-01' - date '2024-02-01'",
        "2024-01-06, 2024-01-07, 29",
      ],
    ],
  },
]
