"""The trail is chained: one link a row, written by the database at commit; and nobody's session can change a row."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


# What a link's hash covers. Each part says its length, so that no two rows read alike; nothing depends on a session's
# time zone or date style. clinic/services/audit_chain.py computes the same without the database.
FUNCTIONS = """
CREATE FUNCTION clinic_audit_hash(event clinic_auditevent, place bigint, hash_before text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    part text;
    covered text := '';
BEGIN
    FOREACH part IN ARRAY ARRAY[
        place::text, hash_before, event.id::text,
        (extract(epoch FROM event.occurred_at) * 1000000)::bigint::text,
        event.actor_id::text, event.role, event.action, event.purpose, event.subject_type, event.subject_id,
        event.patient_id::text, host(event.address), event.request_id::text, event.detail::text
    ] LOOP
        covered := covered || coalesce(octet_length(part) || ':' || part, '-') || ',';
    END LOOP;
    RETURN encode(sha256(convert_to(covered, 'UTF8')), 'hex');
END;
$$;

-- Whoever holds the lock is the only one to add links until the end of its transaction, so that the chain never forks.
CREATE FUNCTION clinic_add_audit_link(event clinic_auditevent) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    place bigint := 0;
    hash_before text := repeat('0', 64);
BEGIN
    PERFORM pg_advisory_xact_lock(7308895158117689707);
    SELECT position, hash INTO place, hash_before FROM clinic_auditlink ORDER BY position DESC LIMIT 1;
    place := coalesce(place, 0) + 1;
    hash_before := coalesce(hash_before, repeat('0', 64));
    INSERT INTO clinic_auditlink (position, event_id, hash)
    VALUES (place, event.id, clinic_audit_hash(event, place, hash_before));
END;
$$;

-- Runs with its owner's rights: the application's role may not write links.
CREATE FUNCTION clinic_link_audit_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM clinic_add_audit_link(NEW);
    RETURN NULL;
END;
$$;

CREATE FUNCTION clinic_stamp_audit_event() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.occurred_at := statement_timestamp();
    RETURN NEW;
END;
$$;

CREATE FUNCTION clinic_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'Cannot % rows of %: they are only ever added.', lower(TG_OP), TG_TABLE_NAME;
END;
$$;
"""

DROP_FUNCTIONS = """
DROP FUNCTION clinic_refuse_change;
DROP FUNCTION clinic_stamp_audit_event;
DROP FUNCTION clinic_link_audit_event;
DROP FUNCTION clinic_add_audit_link;
DROP FUNCTION clinic_audit_hash;
"""

LINK_WHAT_IS_THERE = """
DO $$
DECLARE
    event clinic_auditevent;
BEGIN
    FOR event IN SELECT * FROM clinic_auditevent ORDER BY id LOOP
        PERFORM clinic_add_audit_link(event);
    END LOOP;
END;
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0004_record_life'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditLink',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('event', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='link', to='clinic.auditevent')),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='auditevent',
            name='append_only',
        ),
        migrations.RemoveIndex(
            model_name='auditevent',
            name='audit_by_patient',
        ),
        migrations.RemoveIndex(
            model_name='auditevent',
            name='audit_by_subject',
        ),
        migrations.RemoveIndex(
            model_name='auditevent',
            name='audit_by_actor',
        ),
        migrations.AddField(
            model_name='auditevent',
            name='purpose',
            field=models.CharField(blank=True, choices=[('care', 'Care of the patient'), ('emergency', 'Emergency'), ('export', 'Export'), ('administration', 'Administration'), ('audit', 'Audit'), ('system', "The system's own work")], max_length=20),
        ),
        migrations.AlterField(
            model_name='auditevent',
            name='actor',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_events', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['-occurred_at', '-id'], name='audit_by_time'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('patient_id__isnull', False)), fields=['patient_id', '-occurred_at', '-id'], name='audit_by_patient'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['actor', '-occurred_at', '-id'], name='audit_by_actor'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['action', '-occurred_at', '-id'], name='audit_by_action'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('address__isnull', False)), fields=['address', '-occurred_at', '-id'], name='audit_by_address'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['subject_id', '-occurred_at'], name='audit_by_subject'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('action__in', ['person.sign_in_failed', 'person.sign_in_throttled'])), fields=['-occurred_at', '-id'], name='audit_sign_in_failures'),
        ),
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(LINK_WHAT_IS_THERE, migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name='auditevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='clinic_refuse_change()', func='RETURN NULL;', hash='9b367f5c18955629f3e0cd665df18c55eef7ca34', level='STATEMENT', operation='UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_append_only_18ff7', table='clinic_auditevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditevent',
            trigger=pgtrigger.compiler.Trigger(name='stamp', sql=pgtrigger.compiler.UpsertTriggerSql(execute='clinic_stamp_audit_event()', func='RETURN NULL;', hash='013b49c122a1428c58bfafda34cca4c7fe976730', operation='INSERT', pgid='pgtrigger_stamp_9fc7d', table='clinic_auditevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditevent',
            trigger=pgtrigger.compiler.Trigger(name='link', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', execute='clinic_link_audit_event()', func='RETURN NULL;', hash='b4a1e4f46cc8b271bc3888fc15765d7859e014ba', operation='INSERT', pgid='pgtrigger_link_fef40', table='clinic_auditevent', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='auditevent',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['', 'care', 'emergency', 'export', 'administration', 'audit', 'system'])), name='audit_purpose_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditlink',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='clinic_refuse_change()', func='RETURN NULL;', hash='3646f6dcd108a9fdd203bfaf0b2815c4bf102381', level='STATEMENT', operation='UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_append_only_6e37e', table='clinic_auditlink', when='BEFORE')),
        ),
    ]
