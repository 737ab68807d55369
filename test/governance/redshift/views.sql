-- all in clear
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", t."ssn" AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- rows of the reader's region
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", t."ssn" AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND (CASE WHEN t."region" IS NULL THEN NULL ELSE CAST(t."region" AS VARCHAR(65535)) IN (SELECT value FROM "immuta_system".my_entitlements WHERE kind = 'attribute' AND key = 'region' AND value IS NOT NULL) END) WITH NO SCHEMA BINDING;

-- rows by a condition
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", t."ssn" AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND ((t."salary" > 100) AND (CAST(t."region" AS VARCHAR(65535)) LIKE 'n%' ESCAPE '!')) WITH NO SCHEMA BINDING;

-- null
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", t."ssn" AS "ssn", t."region" AS "region", CAST((CASE WHEN FALSE THEN t."salary" END) AS decimal(10,2)) AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- constant
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", CAST(CAST('it''s' AS VARCHAR(65535)) AS VARCHAR(65535)) AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- hash
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT (SELECT value FROM "immuta_system"."secret" WHERE id = 'source:42') AS s0, count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", CAST(SHA2(p.s0 || CAST(t."ssn" AS VARCHAR(65535)), 256) AS VARCHAR(65535)) AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- partial
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", CAST((CASE WHEN OCTET_LENGTH(CAST(t."ssn" AS VARCHAR(65535))) <= 1000000 THEN CASE WHEN LEN(CAST(t."ssn" AS VARCHAR(65535))) <= 4 THEN REPEAT('*', LEN(CAST(t."ssn" AS VARCHAR(65535)))) ELSE LEFT(CAST(t."ssn" AS VARCHAR(65535)), 0) || REPEAT('*', LEN(CAST(t."ssn" AS VARCHAR(65535))) - 4) || RIGHT(CAST(t."ssn" AS VARCHAR(65535)), 4) END END) AS VARCHAR(65535)) AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- regex, of which nothing is shown
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", CAST((CASE WHEN OCTET_LENGTH(CAST(t."ssn" AS VARCHAR(65535))) <= 1000000 THEN CAST(NULL AS VARCHAR(65535)) END) AS VARCHAR(65535)) AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- round
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", t."ssn" AS "ssn", t."region" AS "region", CAST(t."salary" - MOD(t."salary", 100) AS decimal(10,2)) AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- round of whole numbers
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT CAST(CAST(t."id" AS BIGINT) - MOD(CAST(t."id" AS BIGINT), CAST('2' AS BIGINT)) AS integer) AS "id", t."ssn" AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- beginning of the year
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", t."ssn" AS "ssn", t."region" AS "region", t."salary" AS "salary", CAST(CASE WHEN t."born" >= CAST('0001-01-01' AS DATE) AND t."born" <= CAST('9999-12-31' AS DATE) THEN DATE_TRUNC('year', CAST(t."born" AS TIMESTAMP)) END AS date) AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- conditional, and unknown counts as met
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", CAST((CASE WHEN COALESCE((t."active" = TRUE), TRUE) THEN (CASE WHEN FALSE THEN t."ssn" END) ELSE t."ssn" END) AS varchar(20)) AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- an exemption by group, and one that the reader has not
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT COALESCE(bool_or(kind = 'group' AND key = 'staff'), FALSE) AS f0, COALESCE(bool_or(kind = 'group' AND key = 'hr'), FALSE) AS f1, count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", CAST((CASE WHEN (NOT p.f0) THEN (CASE WHEN FALSE THEN t."ssn" END) ELSE t."ssn" END) AS varchar(20)) AS "ssn", t."region" AS "region", CAST((CASE WHEN (NOT p.f1) THEN (CASE WHEN FALSE THEN t."salary" END) ELSE t."salary" END) AS decimal(10,2)) AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND TRUE WITH NO SCHEMA BINDING;

-- a purpose that the reader has not
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT COALESCE(bool_or(kind = 'purpose' AND (value IS NULL OR value = '42') AND (key = 'audit' OR LEFT(key, 6) = 'audit.')), FALSE) AS f0, count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", t."ssn" AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND p.f0 WITH NO SCHEMA BINDING;

-- older than ten years
CREATE VIEW "governed_public"."people" AS WITH p AS (SELECT count(*) AS n FROM "immuta_system".my_entitlements) SELECT t."id" AS "id", t."ssn" AS "ssn", t."region" AS "region", t."salary" AS "salary", t."born" AS "born", t."active" AS "active" FROM "shop"."public"."people" AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM "immuta_system".user_profile) AND (t."born" < CAST(DATEADD(year, -10, CONVERT_TIMEZONE(CURRENT_SETTING('timezone'), 'UTC', GETDATE())) AS DATE)) WITH NO SCHEMA BINDING;
