/**
 * Catalog tables that a warehouse never has rows for, with the columns clients ask of them. `name:type` where the
 * type is not BIGINT.
 */
export const emptyRelations: Record<string, string> = {
  pg_aggregate: "aggfnoid aggkind:VARCHAR aggnumdirectargs",
  pg_amop: "oid amopfamily amoplefttype amoprighttype amopstrategy amopopr amopmethod amoppurpose:VARCHAR",
  pg_amproc: "oid amprocfamily amproclefttype amprocrighttype amprocnum amproc",
  pg_auth_members: "roleid member grantor admin_option:BOOLEAN",
  pg_available_extensions: "name:VARCHAR default_version:VARCHAR installed_version:VARCHAR comment:VARCHAR",
  pg_cast: "oid castsource casttarget castfunc castcontext:VARCHAR castmethod:VARCHAR",
  pg_conversion:
    "oid conname:VARCHAR connamespace conowner conforencoding contoencoding conproc condefault:BOOLEAN",
  pg_db_role_setting: "setdatabase setrole setconfig:VARCHAR[]",
  pg_default_acl: "oid defaclrole defaclnamespace defaclobjtype:VARCHAR defaclacl:VARCHAR[]",
  pg_depend: "classid objid objsubid refclassid refobjid refobjsubid deptype:VARCHAR",
  pg_enum: "oid enumtypid enumsortorder:FLOAT enumlabel:VARCHAR",
  pg_event_trigger:
    "oid evtname:VARCHAR evtevent:VARCHAR evtowner evtfoid evtenabled:VARCHAR evttags:VARCHAR[]",
  pg_external_schema: "esoid eskind esdbname:VARCHAR esoptions:VARCHAR",
  pg_extension:
    "oid extname:VARCHAR extowner extnamespace extrelocatable:BOOLEAN extversion:VARCHAR extconfig:BIGINT[] extcondition:VARCHAR[]",
  pg_foreign_data_wrapper:
    "oid fdwname:VARCHAR fdwowner fdwhandler fdwvalidator fdwacl:VARCHAR[] fdwoptions:VARCHAR[]",
  pg_foreign_server:
    "oid srvname:VARCHAR srvowner srvfdw srvtype:VARCHAR srvversion:VARCHAR srvacl:VARCHAR[] srvoptions:VARCHAR[]",
  pg_foreign_table: "ftrelid ftserver ftoptions:VARCHAR[]",
  pg_inherits: "inhrelid inhparent inhseqno inhdetachpending:BOOLEAN",
  pg_language:
    "oid lanname:VARCHAR lanowner lanispl:BOOLEAN lanpltrusted:BOOLEAN lanplcallfoid laninline lanvalidator lanacl:VARCHAR[]",
  pg_largeobject_metadata: "oid lomowner lomacl:VARCHAR[]",
  pg_locks: "locktype:VARCHAR database relation pid mode:VARCHAR granted:BOOLEAN",
  pg_matviews: "schemaname:VARCHAR matviewname:VARCHAR matviewowner:VARCHAR definition:VARCHAR",
  pg_opclass:
    "oid opcmethod opcname:VARCHAR opcnamespace opcowner opcfamily opcintype opcdefault:BOOLEAN opckeytype",
  pg_operator:
    "oid oprname:VARCHAR oprnamespace oprowner oprkind:VARCHAR oprcanmerge:BOOLEAN oprcanhash:BOOLEAN oprleft oprright oprresult oprcom oprnegate oprcode",
  pg_opfamily: "oid opfmethod opfname:VARCHAR opfnamespace opfowner",
  pg_parameter_acl: "oid parname:VARCHAR paracl:VARCHAR[]",
  pg_partitioned_table:
    "partrelid partstrat:VARCHAR partnatts partdefid partattrs:BIGINT[] partclass:BIGINT[]",
  pg_policies:
    "schemaname:VARCHAR tablename:VARCHAR policyname:VARCHAR permissive:VARCHAR roles:VARCHAR[] cmd:VARCHAR qual:VARCHAR with_check:VARCHAR",
  pg_policy:
    "oid polname:VARCHAR polrelid polcmd:VARCHAR polpermissive:BOOLEAN polroles:BIGINT[] polqual:VARCHAR polwithcheck:VARCHAR",
  pg_publication:
    "oid pubname:VARCHAR pubowner puballtables:BOOLEAN pubinsert:BOOLEAN pubupdate:BOOLEAN pubdelete:BOOLEAN pubtruncate:BOOLEAN pubviaroot:BOOLEAN",
  pg_publication_namespace: "oid pnpubid pnnspid",
  pg_publication_rel: "oid prpubid prrelid prqual:VARCHAR prattrs:BIGINT[]",
  pg_range: "rngtypid rngsubtype rngmultitypid",
  pg_rewrite: "oid rulename:VARCHAR ev_class ev_type:VARCHAR ev_enabled:VARCHAR is_instead:BOOLEAN",
  pg_rules: "schemaname:VARCHAR tablename:VARCHAR rulename:VARCHAR definition:VARCHAR",
  pg_seclabels:
    "objoid classoid objsubid objtype:VARCHAR objnamespace objname:VARCHAR provider:VARCHAR label:VARCHAR",
  pg_sequence: "seqrelid seqtypid seqstart seqincrement seqmax seqmin seqcache seqcycle:BOOLEAN",
  pg_sequences:
    "schemaname:VARCHAR sequencename:VARCHAR sequenceowner:VARCHAR data_type start_value min_value max_value increment_by cycle:BOOLEAN cache_size last_value",
  pg_shdescription: "objoid classoid description:VARCHAR",
  pg_stat_activity:
    "datid datname:VARCHAR pid usesysid usename:VARCHAR application_name:VARCHAR state:VARCHAR query:VARCHAR query_start:TIMESTAMPTZ",
  pg_stat_user_tables: "relid schemaname:VARCHAR relname:VARCHAR n_live_tup n_dead_tup",
  pg_statistic_ext:
    "oid stxrelid stxname:VARCHAR stxnamespace stxowner stxstattarget stxkeys:BIGINT[] stxkind:VARCHAR[]",
  pg_subscription:
    "oid subdbid subname:VARCHAR subowner subenabled:BOOLEAN subbinary:BOOLEAN substream:BOOLEAN subtwophasestate:VARCHAR subdisableonerr:BOOLEAN subconninfo:VARCHAR subslotname:VARCHAR subsynccommit:VARCHAR subpublications:VARCHAR[] subskiplsn:VARCHAR",
  pg_subscription_rel: "srsubid srrelid srsubstate:VARCHAR srsublsn:VARCHAR",
  pg_transform: "oid trftype trflang",
  pg_trigger:
    "oid tgrelid tgparentid tgname:VARCHAR tgfoid tgtype tgenabled:VARCHAR tgisinternal:BOOLEAN tgconstraint",
  pg_ts_config: "oid cfgname:VARCHAR cfgnamespace cfgowner cfgparser",
  pg_ts_dict: "oid dictname:VARCHAR dictnamespace dictowner dicttemplate dictinitoption:VARCHAR",
  pg_ts_parser: "oid prsname:VARCHAR prsnamespace",
  pg_ts_template: "oid tmplname:VARCHAR tmplnamespace",
  svv_external_columns:
    "redshift_database_name:VARCHAR schemaname:VARCHAR tablename:VARCHAR columnname:VARCHAR external_type:VARCHAR columnnum:INTEGER part_key:INTEGER is_nullable:VARCHAR",
  svv_external_schemas:
    "esoid eskind:SMALLINT schemaname:VARCHAR esowner databasename:VARCHAR esoptions:VARCHAR",
  svv_external_tables:
    "redshift_database_name:VARCHAR schemaname:VARCHAR tablename:VARCHAR tabletype:VARCHAR location:VARCHAR input_format:VARCHAR output_format:VARCHAR serialization_lib:VARCHAR serde_parameters:VARCHAR compressed:INTEGER parameters:VARCHAR",
  pg_user_mappings: "umid srvid srvname:VARCHAR umuser usename:VARCHAR umoptions:VARCHAR[]",
}

/** The same for information_schema; the type where none is given is VARCHAR. */
export const emptyInformationViews: Record<string, string> = {
  applicable_roles: "grantee role_name is_grantable",
  character_sets: "character_set_catalog character_set_schema character_set_name",
  check_constraints: "constraint_catalog constraint_schema constraint_name check_clause",
  column_privileges:
    "grantor grantee table_catalog table_schema table_name column_name privilege_type is_grantable",
  element_types: "object_catalog object_schema object_name object_type collection_type_identifier data_type",
  enabled_roles: "role_name",
  parameters:
    "specific_catalog specific_schema specific_name ordinal_position:INTEGER parameter_name data_type",
  referential_constraints:
    "constraint_catalog constraint_schema constraint_name unique_constraint_catalog unique_constraint_schema unique_constraint_name match_option update_rule delete_rule",
  routines:
    "specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name routine_type data_type",
  sequences: "sequence_catalog sequence_schema sequence_name data_type",
  table_privileges:
    "grantor grantee table_catalog table_schema table_name privilege_type is_grantable with_hierarchy",
  triggers: "trigger_catalog trigger_schema trigger_name event_object_table",
}
