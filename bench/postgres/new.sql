\set number random(1, 9000000000000000)
SELECT select_session_provider('session-' || :number, 'ana', 1);
