-- All payers: registration, declaration, levy, payment, arrears and refunds by tax office and insurance.
-- Parameters: residents, flexible, end; relations: enrolment, levy, payment, unit. See collection.jinja.
{% import 'statistics/collection.jinja' as shared with context %}
{{ shared.collection(['unit', 'flexible', 'resident'], 'tax_office') }};
