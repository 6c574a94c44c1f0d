"""Statistics: one SQL file and one YAML file per report; any period, compared with others, as workbooks, PDF and pages."""
