import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiProvider } from './api/api-provider.js';
import { App } from './shell/app.js';
import { CrashView } from './shell/crash-view.js';
import { keepTheme } from './shell/theme.js';

keepTheme();
const place = document.getElementById('console');
if (place)
  createRoot(place).render(
    <StrictMode>
      <CrashView>
        <ApiProvider>
          <App />
        </ApiProvider>
      </CrashView>
    </StrictMode>,
  );
