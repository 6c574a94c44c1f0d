-- 城乡居民: registration, declaration, levy, payment, arrears and refunds by region and insurance.
-- Parameters: residents, flexible, end; relations: enrolment, levy, payment. See collection.jinja.
{% import 'statistics/collection.jinja' as shared with context %}
{{ shared.collection(['resident'], 'region') }};
