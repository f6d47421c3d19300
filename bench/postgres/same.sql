SELECT select_session_provider('standup', 'ana-' || :client_id, 2);
